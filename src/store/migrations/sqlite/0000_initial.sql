CREATE TABLE `workflow_definitions` (
	`definition_hash` text PRIMARY KEY NOT NULL,
	`created_at` text NOT NULL,
	`definition` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `workflow_history` (
	`history_entry_id` integer PRIMARY KEY NOT NULL,
	`instance_id` text NOT NULL,
	`kind` text NOT NULL,
	`revision` integer NOT NULL,
	`timestamp` text NOT NULL,
	`step_name` text NOT NULL,
	`step_token` text,
	`request_id` text,
	`outcome_status` text,
	`requested_next_step` text,
	`determined_next_step` text,
	`status` text NOT NULL,
	`status_reason` text,
	`definition_hash` text,
	`user_report` text,
	`context_updates` text,
	`decision` text,
	`detail` text,
	FOREIGN KEY (`instance_id`) REFERENCES `workflow_instances`(`instance_id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `workflow_history_one_per_revision` ON `workflow_history` (`instance_id`,`revision`) WHERE "workflow_history"."determined_next_step" is not null;--> statement-breakpoint
CREATE INDEX `workflow_history_notes` ON `workflow_history` (`instance_id`) WHERE "workflow_history"."determined_next_step" is null;--> statement-breakpoint
CREATE UNIQUE INDEX `workflow_history_one_per_request` ON `workflow_history` (`instance_id`,`request_id`) WHERE "workflow_history"."request_id" is not null and "workflow_history"."determined_next_step" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX `workflow_history_one_per_start` ON `workflow_history` (`request_id`) WHERE "workflow_history"."request_id" is not null and "workflow_history"."kind" = 'started';--> statement-breakpoint
CREATE TABLE `workflow_instances` (
	`instance_id` text PRIMARY KEY NOT NULL,
	`workflow_name` text NOT NULL,
	`definition_hash` text NOT NULL,
	`status` text NOT NULL,
	`revision` integer NOT NULL,
	`step_token` text NOT NULL,
	`current_step_name` text NOT NULL,
	`created_at` text NOT NULL,
	`updated_at` text NOT NULL,
	`completed_at` text,
	`status_reason` text,
	`visits` text NOT NULL,
	`context` text NOT NULL,
	FOREIGN KEY (`definition_hash`) REFERENCES `workflow_definitions`(`definition_hash`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `workflow_instances_by_status` ON `workflow_instances` (`status`,`updated_at`,`instance_id`);--> statement-breakpoint
CREATE INDEX `workflow_instances_by_workflow` ON `workflow_instances` (`workflow_name`,`status`,`updated_at`,`instance_id`);