/**
 * Lets one activation of the scheduler serve many events.
 *
 * Node calls back once for every socket that has something, and would run the woken task in a microtask behind each
 * call. Where several sockets have something in one turn of the loop, it is cheaper to wake all of them and to run the
 * tasks once, as an event loop of one's own would: `benches/net/echo.bench.ts` shows a tenth of a server's time at
 * 64 connections. Where there is one event to a turn, to wait for the end of it costs more than it saves. So the load
 * is measured: on every turn while activations are held up, else now and then.
 */

/** Of the host's own: what tests put in its place must not stop a socket. */
const { setImmediate } = globalThis;

/** Events to a turn from which on it is worth it. */
const WORTH = 3;
/** Events that are held up at most: more gained nothing in the bench, and the first would wait for longer. */
const MOST_EVENTS = 16;
/** Bytes that are: beside so many, an activation costs nothing. */
const MOST_BYTES: number = 64 * 1024;
/**
 * Of how many activations one is measured while none is held up. A prime: it is to fall anywhere in a turn. What is
 * before it is not counted, so it sees half the load, and holding up begins a little later than it ends.
 */
const SAMPLE = 61;

export class Gather {
  readonly #unpark: () => void;
  /** Within a callback of the event loop. */
  #inside = false;
  /** The end of this turn was asked for. */
  #measuring = false;
  /** An activation is held up. */
  #held = false;
  #untilSample = 1;
  /** Of this turn. */
  #events = 0;
  /** Since the last activation that was held up. */
  #heldEvents = 0;
  #heldBytes = 0;
  /** Events to a turn, as they have lately been. */
  #load = 0;

  /** @param unpark - activates the scheduler behind the callback that is running. */
  constructor(unpark: () => void) {
    this.#unpark = unpark;
  }

  /** A callback of the event loop begins. */
  begin(): void {
    this.#inside = true;
  }

  /** It is over. */
  end(bytes: number): void {
    this.#inside = false;
    if (!this.#measuring) return;
    this.#events += 1;
    if (!this.#held) return;
    this.#heldEvents += 1;
    this.#heldBytes += bytes;
    if (this.#heldEvents >= MOST_EVENTS || this.#heldBytes >= MOST_BYTES) this.#release();
  }

  /** A task became ready. True when the activation comes later, by itself. */
  holds(): boolean {
    if (!this.#inside) return false;
    const worth = this.#load >= WORTH;
    if (!this.#measuring) {
      if (!worth) {
        this.#untilSample -= 1;
        if (this.#untilSample > 0) return false;
        this.#untilSample = SAMPLE;
      }
      this.#measuring = true;
      this.#events = 0;
      setImmediate(this.#onTurnEnd);
    }
    if (!worth) return false;
    this.#held = true;
    this.#heldEvents = 0;
    this.#heldBytes = 0;
    return true;
  }

  #release(): void {
    this.#held = false;
    this.#unpark();
  }

  readonly #onTurnEnd = (): void => {
    this.#measuring = false;
    this.#load += (this.#events - this.#load) / 4;
    if (this.#held) this.#release();
  };
}
