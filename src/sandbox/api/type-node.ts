/** A TypeScript type, before it is text. */
export type TypeNode =
  /** A keyword, a literal or the name of an alias. */
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'union' | 'intersection'; readonly members: readonly TypeNode[] }
  | { readonly kind: 'array'; readonly element: TypeNode }
  | {
      readonly kind: 'tuple';
      readonly elements: readonly TypeNode[];
      /** As many of the elements are always there. */
      readonly required: number;
      readonly rest?: TypeNode;
    }
  | {
      readonly kind: 'object';
      readonly members: readonly MemberNode[];
      /** Of all other keys. */
      readonly others?: TypeNode;
    };

export interface MemberNode {
  readonly key: string;
  readonly isRequired: boolean;
  readonly type: TypeNode;
  readonly doc?: string;
}

export const name = (text: string): TypeNode => ({ kind: 'name', text });
export const UNKNOWN = name('unknown');
export const NEVER = name('never');
export const ANY_OBJECT: TypeNode = { kind: 'object', members: [], others: UNKNOWN };

/** A union of more is hardly read; the compiler gives up on products of unions that are far larger. */
const WIDTH_MAX = 100;

export function union(members: readonly TypeNode[]): TypeNode {
  const flat = members.flatMap((member) => (member.kind === 'union' ? member.members : [member]));
  if (flat.includes(UNKNOWN)) return UNKNOWN;
  const node = joined('union', flat, NEVER);
  return widthOf(node) <= WIDTH_MAX ? node : UNKNOWN;
}

export function intersection(members: readonly TypeNode[]): TypeNode {
  const flat = members.flatMap((member) => (member.kind === 'intersection' ? member.members : [member]));
  const node = joined('intersection', flat, UNKNOWN);
  return widthOf(node) <= WIDTH_MAX ? node : UNKNOWN;
}

/** As many members as the compiler makes of it. */
function widthOf(type: TypeNode): number {
  if (type.kind === 'union') return type.members.reduce((sum, member) => sum + widthOf(member), 0);
  if (type.kind === 'intersection')
    return type.members.reduce((product, member) => product * widthOf(member), 1);
  return 1;
}

/** Each once, and none that says nothing beside the others. */
function joined(kind: 'union' | 'intersection', members: readonly TypeNode[], nothing: TypeNode): TypeNode {
  const different = new Map(
    members.filter((member) => member !== nothing).map((member) => [JSON.stringify(member), member]),
  );
  const [first = nothing, ...more] = different.values();
  return more.length === 0 ? first : { kind, members: [first, ...more] };
}
