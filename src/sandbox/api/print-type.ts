import { docComment } from './comment.ts';
import type { MemberNode, TypeNode } from './type-node.ts';

export interface PrintOptions {
  /** Of all lines but the first. */
  readonly indentation?: string;
  /** Whether members say what they are. */
  readonly docs: boolean;
}

/** Longer objects are spread over lines. */
const LINE_CHARACTERS_MAX = 90;

/** TypeScript of a type. */
export function printType(type: TypeNode, options: PrintOptions): string {
  switch (type.kind) {
    case 'name':
      return type.text;
    case 'union':
      return type.members.map((member) => printOperand(member, options)).join(' | ');
    case 'intersection':
      return type.members.map((member) => printOperand(member, options)).join(' & ');
    case 'array':
      return `${printOperand(type.element, options)}[]`;
    case 'tuple':
      return `[${[
        ...type.elements.map((element, index) =>
          index < type.required ? printType(element, options) : `${printOperand(element, options)}?`,
        ),
        ...(type.rest === undefined ? [] : [`...${printOperand(type.rest, options)}[]`]),
      ].join(', ')}]`;
    case 'object':
      return printObject(type, options);
  }
}

/** In parentheses where an operator around it would take it apart. */
function printOperand(type: TypeNode, options: PrintOptions): string {
  const text = printType(type, options);
  return type.kind === 'union' || type.kind === 'intersection' ? `(${text})` : text;
}

function printObject(type: Extract<TypeNode, { kind: 'object' }>, options: PrintOptions): string {
  const { indentation = '' } = options;
  const inner: PrintOptions = { ...options, indentation: `${indentation}  ` };
  const members = type.members.map((member) => printMember(member, inner));
  if (type.others !== undefined) members.push(`[key: string]: ${printType(type.others, inner)}`);
  if (members.length === 0) return '{}';
  const line = `{ ${members.join('; ')} }`;
  if (line.length <= LINE_CHARACTERS_MAX && !line.includes('\n')) return line;
  return `{\n${members.map((member) => `${inner.indentation}${member};\n`).join('')}${indentation}}`;
}

function printMember({ key, isRequired, type, doc }: MemberNode, options: PrintOptions): string {
  const comment =
    doc === undefined || !options.docs
      ? ''
      : `${docComment(doc, options.indentation)}\n${options.indentation}`;
  const text = /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(key) ? key : quoted(key);
  return `${comment}${text}${isRequired ? '' : '?'}: ${printType(type, options)}`;
}

/** A string literal that stays on its line, and hides nothing, whatever the text holds. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
