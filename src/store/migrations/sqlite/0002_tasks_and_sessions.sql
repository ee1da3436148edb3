CREATE TABLE `circuit_breakers` (
	`name` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`failures_in_row` integer NOT NULL,
	`opened_at` text,
	`trial_expires_at` text
);
--> statement-breakpoint
CREATE TABLE `task_queues` (
	`name` text PRIMARY KEY NOT NULL,
	`revision` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `tasks` (
	`task_number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`status` text NOT NULL,
	`priority` integer NOT NULL,
	`attempts` integer NOT NULL,
	`max_attempts` integer NOT NULL,
	`fencing_token` integer NOT NULL,
	`lease_expires_at` text,
	`run_number` integer NOT NULL,
	`workflow_name` text,
	`instance_id` text,
	`request_id` text,
	`request_hash` text,
	`claim_key` text,
	`retry_key` text,
	`created_at` text NOT NULL,
	`updated_at` text NOT NULL,
	`started_at` text,
	`completed_at` text,
	`description` text NOT NULL,
	`error` text,
	`feedback` text,
	`context` text,
	`result` text
);
--> statement-breakpoint
CREATE INDEX `tasks_by_status` ON `tasks` (`status`,`priority`);--> statement-breakpoint
CREATE INDEX `tasks_by_lease` ON `tasks` (`status`,`lease_expires_at`) WHERE "tasks"."lease_expires_at" is not null;--> statement-breakpoint
CREATE INDEX `tasks_by_request` ON `tasks` (`request_id`) WHERE "tasks"."request_id" is not null;--> statement-breakpoint
CREATE INDEX `tasks_by_claim` ON `tasks` (`status`,`claim_key`) WHERE "tasks"."claim_key" is not null;--> statement-breakpoint
CREATE TABLE `agent_knowledge` (
	`entry_id` integer PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL,
	`key` text NOT NULL,
	`updated_at` text NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `agent_knowledge_one_per_key` ON `agent_knowledge` (`session_id`,`key`);--> statement-breakpoint
CREATE TABLE `agent_messages` (
	`message_id` integer PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL,
	`role` text NOT NULL,
	`created_at` text NOT NULL,
	`request_id` text,
	`content` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `agent_messages_by_session` ON `agent_messages` (`session_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `agent_messages_one_per_request` ON `agent_messages` (`session_id`,`request_id`) WHERE "agent_messages"."request_id" is not null;--> statement-breakpoint
CREATE TABLE `agent_task_data` (
	`entry_id` integer PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL,
	`key` text NOT NULL,
	`updated_at` text NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `agent_task_data_one_per_key` ON `agent_task_data` (`session_id`,`key`);