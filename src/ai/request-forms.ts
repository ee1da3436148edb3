/** Ways to put the same request, the most demanding first; a server may not understand all of them. */
export interface RequestForms<Form> {
  /**
   * Sends in the first form that has not been refused yet, and in the following ones as long as `isRefusal`
   * says that the error is about the form. The form that worked is remembered. If all are refused, the
   * error of the first is thrown: it is about what was wanted, not about a makeshift.
   */
  send<Answer>(
    send: (form: Form) => Promise<Answer>,
    isRefusal: (error: unknown) => boolean,
  ): Promise<Answer>;
}

export function createRequestForms<Form>(forms: readonly Form[]): RequestForms<Form> {
  let accepted = 0;
  return {
    async send(send, isRefusal) {
      let firstRefusal: unknown;
      for (const [index, form] of forms.entries()) {
        if (index < accepted) continue;
        try {
          const answer = await send(form);
          accepted = Math.max(accepted, index);
          return answer;
        } catch (error) {
          if (!isRefusal(error)) throw error;
          firstRefusal ??= error;
        }
      }
      throw firstRefusal;
    },
  };
}
