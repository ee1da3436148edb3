ALTER TABLE `workflow_history` ADD `chain_hash` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `workflow_instances` ADD `state_hash` text DEFAULT '' NOT NULL;