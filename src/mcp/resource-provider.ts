/** The contents of one resource. */
export interface ResourceContent {
  readonly mimeType: string;
  readonly text: string;
}

export interface ResourceListing {
  readonly uri: string;
  readonly name: string;
  readonly description?: string;
  readonly mimeType: string;
}

export interface ResourceTemplate {
  /** RFC 6570. */
  readonly uriTemplate: string;
  readonly name: string;
  readonly description: string;
  readonly mimeType: string;
}

export interface ResourcePage {
  readonly resources: readonly ResourceListing[];
  readonly nextCursor?: string;
}

export interface ResourceListener {
  /** Hears the address of each resource that changed. */
  updated(uri: string): void;
  /** Hears that resources, and the prompts made from the same files, came or went. */
  listChanged(): void;
}

/** The resources of one toolset. */
export interface ResourceProvider {
  readonly templates: readonly ResourceTemplate[];
  /** At most one of the providers pages; the others list everything without a cursor, and nothing with one. */
  list(cursor: string | undefined): Promise<ResourcePage>;
  /** Undefined: there is nothing at that address. */
  read(uri: string): Promise<ResourceContent | undefined>;
  /** Values for a variable of one of its templates; undefined for a template that is not its own. */
  complete(uriTemplate: string, variable: string, typed: string): Promise<readonly string[] | undefined>;
  /** Returns the way to stop it. */
  watch(listener: ResourceListener): () => void;
}
