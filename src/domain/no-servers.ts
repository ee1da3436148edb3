export interface ServersPlace {
  /** The list of downstream servers; undefined: none is used. */
  readonly file?: string;
  /** A list that is there, and does not count. */
  readonly unusedFile?: string;
}

/** Why there is no downstream server, and what to do about it, in whole sentences. */
export function noServersNote({ file, unusedFile }: ServersPlace): string {
  if (file !== undefined) return `No downstream server is configured: ${file} lists none.`;
  if (unusedFile !== undefined)
    return (
      `${unusedFile} is not used: a list that merely lies in the working directory starts no program. Whoever trusts it names it ` +
      'with MCP_SERVERS_CONFIG, in the environment of this program.'
    );
  return 'No downstream server is configured: MCP_SERVERS_CONFIG, in the environment of this program, names the list of them.';
}
