/** Bytes to lines, with a limit: a line without an end must not fill the memory. */

export class LineTooLong extends Error {}

/** Each line without its end, empty ones left out. Throws `LineTooLong` for one of more than `maxChars`. */
export async function* splitLines(chunks: AsyncIterable<unknown>, maxChars: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk as Uint8Array, { stream: true });
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield line;
    if (rest.length > maxChars) throw new LineTooLong('a line is too long');
  }
  if (rest !== '') yield rest;
}
