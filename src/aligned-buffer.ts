/** Memory that direct I/O takes: it must begin on a page. Node's own buffers do not; WebAssembly's memory does. */

/** The part of it that is used here; the compiler's library has it only for browsers. */
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

const WASM_PAGE = 65_536;

/** A page-aligned buffer of `size` bytes, zeroed. It is never grown, so its place never changes. */
export function alignedBuffer(size: number): Buffer {
  const pages = Math.ceil(size / WASM_PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  return Buffer.from(memory.buffer, 0, size);
}
