/** The part of the package's WebAssembly module that we call; it ships no types. */
declare module '@echogarden/speex-resampler-wasm' {
  export interface SpeexModule {
    /** Replaced whenever the module's memory grows: read it anew for every access. */
    readonly HEAP16: Int16Array;
    readonly HEAPU32: Uint32Array;
    _malloc(sizeBytes: number): number;
    _free(pointer: number): void;
    _speex_resampler_init(
      channels: number,
      inputRateHz: number,
      outputRateHz: number,
      quality: number,
      errorPointer: number,
    ): number;
    _speex_resampler_destroy(state: number): void;
    /** Lengths are in samples: in, what there is and room for; out, what was read and written. 0 means success. */
    _speex_resampler_process_int(
      state: number,
      channel: number,
      inputPointer: number,
      inputLengthPointer: number,
      outputPointer: number,
      outputLengthPointer: number,
    ): number;
  }
  export default function loadSpeex(): Promise<SpeexModule>;
}
