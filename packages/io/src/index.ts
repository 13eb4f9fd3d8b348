/**
 * Readers, writers and buffers.
 * @packageDocumentation
 */
export { BufRead, ChunkReader, type UntilOptions } from "./buf-read.ts";
export { BufReader } from "./buf-reader.ts";
export { BufStream, BufWriter } from "./buf-writer.ts";
export type { Buf } from "./buf.ts";
export { Chain } from "./chain.ts";
export { Chunks } from "./chunks.ts";
export { copy, copyBidirectional, copyBidirectionalWithSizes, copyBuf } from "./copy.ts";
export { Cursor, cursor } from "./cursor.ts";
export { duplex, DuplexStream, SimplexStream } from "./duplex.ts";
export { IoError, LimitError, type ErrorKind, type IoErrorDetails } from "./errors.ts";
export { Lines, Split, type LinesOptions } from "./lines.ts";
export type { NumberReads, NumberWrites } from "./numbers.ts";
export {
  fromNodeDuplex,
  fromNodeReadable,
  fromNodeWritable,
  NodeReader,
  NodeWriter,
  toNodeDuplex,
  toNodeReadable,
  toNodeWritable,
  type FromNodeOptions,
  type ToNodeDuplexOptions,
} from "./node-streams.ts";
export { ReadBuf } from "./read-buf.ts";
export { Join, join, ReadWriter, readWriter, ReadWriteSeeker } from "./read-writer.ts";
export { Reader, reader } from "./reader.ts";
export { Seeker } from "./seeker.ts";
export { Empty, empty, Repeat, repeat, Sink, sink } from "./simple.ts";
export { ReadHalf, simplex, split, WriteHalf } from "./split.ts";
export { stderr, stdin, stdout } from "./stdio.ts";
export { Take } from "./take.ts";
export type { AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, SeekFrom } from "./traits.ts";
export { isRtShutdownErr, rtShutdownErr, UnsupportedError } from "./unsupported-error.ts";
export {
  fromReadableStream,
  fromWritableStream,
  toReadableStream,
  toWritableStream,
  WebReader,
  WebWriter,
} from "./web-streams.ts";
export { Writer, writer } from "./writer.ts";
