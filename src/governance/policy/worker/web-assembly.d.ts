/** The few words of the WebAssembly namespace used here: Node has it, but its types come only with a browser's. */

declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: 'WebAssembly.Module';
  }
  const Module: {
    new (bytes: Uint8Array): Module;
    imports(module: Module): { readonly module: string; readonly name: string; readonly kind: string }[];
    exports(module: Module): { readonly name: string; readonly kind: string }[];
  };
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  interface Instance {
    readonly exports: Readonly<Record<string, unknown>>;
  }
  interface WebAssemblyInstantiatedSource {
    readonly instance: Instance;
  }
  interface MemoryDescriptor {
    initial: number;
    maximum?: number;
  }
  type WebAssemblyInstance = Instance;
}

type BufferSource = ArrayBufferView | ArrayBuffer;
