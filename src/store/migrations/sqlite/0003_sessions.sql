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