import { isJsonObject, type JsonValue } from '../domain/json.ts';
import type { ToolResult } from '../hub/hub.ts';
import type { Image } from './answer-with-images.ts';

export interface ImagesApart {
  /** Each image in it says where it is to be seen. */
  readonly value: JsonValue;
  readonly images: readonly Image[];
}

/** Takes the images out of what a downstream tool gave: a model is shown them, and does not read their bytes. */
export function setImagesApart({ value, content }: ToolResult): ImagesApart {
  const images: Image[] = [];
  // Structured content is data of the tool's own, whatever it looks like.
  if (value !== content) return { value, images: content.flatMap((block) => imageIn(block) ?? []) };
  const shown = content.map((block) => {
    const image = imageIn(block);
    if (image === undefined) return block;
    images.push(image);
    return { type: 'image', mimeType: image.mimeType, shown_as: `image ${images.length} of this result` };
  });
  return { value: shown, images };
}

function imageIn(block: JsonValue): Image | undefined {
  if (!isJsonObject(block) || block.type !== 'image') return undefined;
  const { data, mimeType } = block;
  return typeof data === 'string' && typeof mimeType === 'string' && isBase64(data)
    ? { data, mimeType }
    : undefined;
}

/** The protocol takes no other image, and a result with one as none. */
function isBase64(data: string): boolean {
  return data.length % 4 === 0 && /^[A-Za-z\d+/]+={0,2}$/.test(data);
}
