export interface PromptListing {
  readonly name: string;
  readonly description?: string;
  readonly arguments: readonly PromptArgument[];
}

export interface PromptArgument {
  readonly name: string;
  readonly description?: string;
  readonly required: boolean;
}

export interface PromptPage {
  readonly prompts: readonly PromptListing[];
  readonly nextCursor?: string;
}

export interface FilledPrompt {
  readonly description?: string;
  /** What the user says. */
  readonly text: string;
}

/** The prompts of one toolset, which clients show as slash commands. */
export interface PromptProvider {
  /** At most one of the providers pages; the others list everything without a cursor, and nothing with one. */
  list(cursor: string | undefined): Promise<PromptPage>;
  /** Undefined: it has no prompt of that name. Throws for arguments that do not fit. */
  get(name: string, args: Readonly<Record<string, string>>): Promise<FilledPrompt | undefined>;
  /** Values for an argument; undefined for a prompt that is not its own. */
  complete(name: string, argument: string, typed: string): Promise<readonly string[] | undefined>;
}
