const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING: ReadonlySet<number> = new Set(Buffer.from('{['));
const CLOSING: ReadonlySet<number> = new Set(Buffer.from('}]'));

/** Longer ids, and longer keys, are not looked at. */
const NOTED_BYTES_MAX = 256;

export type RequestId = string | number;

/**
 * Reads the outline of a JSON text as its bytes pass by, in constant memory: how deep it is nested, and the `id` of
 * the request that it is. Text that is no JSON does no harm; what is said of it means nothing.
 */
export class RequestScanner {
  #depth = 0;
  #deepest = 0;
  #inString = false;
  #escaped = false;
  #key = '';
  #isKey = true;
  #id: RequestId | null = null;
  /** Bytes of the member name or value on the outermost level that is passing by; undefined: not of interest. */
  #noted: number[] | undefined;

  /** How many objects and arrays stand inside each other where they are the most. */
  get depth(): number {
    return this.#deepest;
  }

  /** Of the request; null as long as none was seen that JSON-RPC allows. */
  get id(): RequestId | null {
    return this.#id;
  }

  scan(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#inString) this.#scanString(byte);
      else this.#scanStructure(byte);
    }
  }

  #scanString(byte: number): void {
    this.#note(byte);
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inString = false;
  }

  #scanStructure(byte: number): void {
    if (byte === QUOTE) {
      this.#inString = true;
      this.#note(byte);
    } else if (OPENING.has(byte)) {
      this.#depth += 1;
      this.#deepest = Math.max(this.#deepest, this.#depth);
      this.#noted = this.#depth === 1 ? [] : undefined;
      this.#isKey = true;
    } else if (CLOSING.has(byte)) {
      if (this.#depth === 1) this.#endValue();
      this.#depth = Math.max(0, this.#depth - 1);
    } else if (this.#depth === 1 && byte === COLON && this.#isKey) {
      this.#key = this.#text();
      this.#isKey = false;
      this.#noted = [];
    } else if (this.#depth === 1 && byte === COMMA) {
      this.#endValue();
      this.#isKey = true;
      this.#noted = [];
    } else this.#note(byte);
  }

  #note(byte: number): void {
    if (this.#depth !== 1 || this.#noted === undefined) return;
    if (this.#noted.length < NOTED_BYTES_MAX) this.#noted.push(byte);
    else this.#noted = undefined;
  }

  #endValue(): void {
    if (this.#isKey || this.#key !== '"id"') return;
    this.#id = requestId(this.#text());
    this.#noted = undefined;
  }

  #text(): string {
    return Buffer.from(this.#noted ?? [])
      .toString('utf8')
      .trim();
  }
}

function requestId(json: string): RequestId | null {
  try {
    const id: unknown = JSON.parse(json);
    return typeof id === 'string' || Number.isSafeInteger(id) ? (id as RequestId) : null;
  } catch {
    return null;
  }
}
