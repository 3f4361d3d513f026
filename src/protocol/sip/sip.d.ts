/** Types of the one function of the `sip` package that we call; the rest of that package is not for us. */

declare module 'sip' {
  interface ParsedAddress {
    readonly uri: string;
    readonly params: Readonly<Record<string, string | null>>;
  }

  interface ParsedMessage {
    readonly method?: string;
    readonly uri?: string;
    readonly version?: string;
    readonly status?: number;
    /** A header that its parser could not read is missing here, not reported. */
    readonly headers: {
      readonly from?: ParsedAddress;
      readonly to?: ParsedAddress;
      readonly cseq?: { readonly seq: number; readonly method: string };
      readonly 'call-id'?: string;
    };
  }

  /** Reads a message as latin1; undefined when it is none. Quadratic on some inputs: never call it unguarded. */
  export function parse(message: Buffer | string): ParsedMessage | undefined;
}
