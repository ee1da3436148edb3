CREATE TABLE `script_calls` (
	`run_id` text NOT NULL,
	`seq` integer NOT NULL,
	`name` text NOT NULL,
	`args_hash` text NOT NULL,
	`target` text,
	`position` integer,
	`ok` integer,
	`ms` real,
	`now_ms` integer,
	`reply` text,
	PRIMARY KEY(`run_id`, `seq`),
	FOREIGN KEY (`run_id`) REFERENCES `script_runs`(`run_id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `script_runs` (
	`run_id` text PRIMARY KEY NOT NULL,
	`code_hash` text NOT NULL,
	`status` text NOT NULL,
	`started_ms` integer NOT NULL,
	`random_seed` integer NOT NULL,
	`fencing_token` integer NOT NULL,
	`lease_expires_at` text,
	`created_at` text NOT NULL,
	`updated_at` text NOT NULL,
	`answer` text
);
