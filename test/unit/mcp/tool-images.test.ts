import { expect, test } from 'vitest';
import type { JsonObject } from '../../../src/domain/json.ts';
import { setImagesApart } from '../../../src/mcp/tool-images.ts';

const TEXT = { type: 'text', text: 'a picture' };
const image = (data: string) => ({ type: 'image', mimeType: 'image/png', data });

test('what a model is shown is not read to it too', () => {
  const content = [TEXT, image('AAAA'), image('BBBB')];
  expect(setImagesApart({ value: content, content })).toEqual({
    value: [
      TEXT,
      { type: 'image', mimeType: 'image/png', shown_as: 'image 1 of this result' },
      { type: 'image', mimeType: 'image/png', shown_as: 'image 2 of this result' },
    ],
    images: [
      { mimeType: 'image/png', data: 'AAAA' },
      { mimeType: 'image/png', data: 'BBBB' },
    ],
  });
});

test('images beside structured content are shown, and the content is left as it is', () => {
  const value = [image('AAAA')];
  expect(setImagesApart({ value, content: [TEXT, image('BBBB')] })).toEqual({
    value,
    images: [{ mimeType: 'image/png', data: 'BBBB' }],
  });
});

test.each<JsonObject>([
  { type: 'image', data: 'AAAA' },
  { type: 'image', mimeType: 'image/png' },
  image('AAA'),
  image('AA=A'),
  image('A A='),
  image(''),
  { type: 'audio', mimeType: 'audio/wav', data: 'AAAA' },
])('%j is no image that the protocol takes', (block) => {
  const content = [TEXT, block];
  expect(setImagesApart({ value: content, content })).toEqual({ value: content, images: [] });
});
