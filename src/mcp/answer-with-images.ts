export interface Image {
  /** Base64. */
  readonly data: string;
  readonly mimeType: string;
}

/** What a tool answers with where there are images in it: models see those, and read the rest. */
export class AnswerWithImages {
  /** What fits the output schema of the tool. */
  readonly answer: object;
  readonly images: readonly Image[];

  constructor(answer: object, images: readonly Image[]) {
    this.answer = answer;
    this.images = images;
  }
}
