/** What the processes of the relay's benchmark say to each other, and what a flow is to each of them. */

/** One call's audio. Keys are base64 of master key and salt: `sends` is what that side protects with. */
export interface Flow {
  readonly caller: SideKeys;
  readonly callee: SideKeys;
}

export interface SideKeys {
  readonly sends: string;
  readonly hears: string;
}

/** A UDP port on loopback per side of a flow. */
export interface FlowPorts {
  readonly caller: number;
  readonly callee: number;
}

/** A relay: takes flows between peers and gives the ports that the peers must send to. */
export interface RelayQuestions {
  readonly carry: {
    readonly ask: { readonly flows: readonly Flow[]; readonly peers: readonly FlowPorts[] };
    readonly answer: readonly FlowPorts[];
  };
  /** CPU time of the whole process since its start, user and system. */
  readonly cpuUs: { readonly ask: null; readonly answer: number };
}

export interface GeneratorQuestions {
  readonly open: { readonly ask: readonly Flow[]; readonly answer: readonly FlowPorts[] };
  readonly speak: { readonly ask: Speech; readonly answer: Heard };
}

export interface Speech {
  /** Where each side of each flow sends to. */
  readonly targets: readonly FlowPorts[];
  /** Whether what arrives is protected anew for its listener, or is what was sent. */
  readonly isRekeyed: boolean;
  /** Packets of each side of each flow, 20 ms apart. */
  readonly packets: number;
}

export interface Heard {
  readonly sent: number;
  /** Arrived, once each, authentic and unchanged. */
  readonly arrived: number;
  readonly p50Us: number;
  readonly p99Us: number;
}
