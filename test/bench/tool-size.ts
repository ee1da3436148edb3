export interface ListedTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: object;
}

/** Tokens of what hosts show a model: these three, and nothing else. */
export function readByModels({ name, description, inputSchema }: ListedTool): number {
  return tokens(name) + tokens(description) + tokens(JSON.stringify(inputSchema));
}

/** Roughly: four bytes each. */
export function tokens(text: string): number {
  return Buffer.byteLength(text) / 4;
}
