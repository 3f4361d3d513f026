/** What the recogniser of the isolation benchmark may be asked. */
export interface RecogniserQuestions {
  readonly url: { readonly ask: null; readonly answer: string };
  readonly bytes: { readonly ask: null; readonly answer: number };
  readonly pid: { readonly ask: null; readonly answer: number };
}
