/** A bounded part of a listing. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next part starts; absent at the end. Opaque to the caller. */
  readonly nextCursor?: string;
}
