-- The texts of agent_knowledge, under the same numbers; a word in a key weighs more than one in a value.
CREATE VIRTUAL TABLE `agent_knowledge_index` USING fts5(`key`, `text`, tokenize = 'unicode61 remove_diacritics 2');--> statement-breakpoint
INSERT INTO `agent_knowledge_index` (`agent_knowledge_index`, `rank`) VALUES ('rank', 'bm25(4.0, 1.0)');
