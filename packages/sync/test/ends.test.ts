import { broadcast, mpsc, oneshot, watch } from "@rt/sync";
import { describe, expect, it } from "vitest";
import { outcome } from "./support/random-programs.ts";

interface End extends Disposable {
  drop(): void;
}

interface Case {
  readonly end: End;
  /** Whether the channel knows that the end is gone. */
  isGone(): boolean;
  /** Some use of the end. */
  use(): unknown;
}

const ENDS: Readonly<Record<string, () => Case>> = {
  "mpsc.Sender": () => {
    const { tx, rx } = mpsc.channel(1);
    return { end: tx, isGone: () => rx.isDisconnected(), use: () => tx.capacity() };
  },
  "mpsc.WeakSender": () => {
    const { tx } = mpsc.channel(1);
    const weak = tx.downgrade();
    return { end: weak, isGone: () => tx.weakCount() === 0, use: () => weak.upgrade() };
  },
  "mpsc.Receiver": () => {
    const { tx, rx } = mpsc.channel(1);
    return { end: rx, isGone: () => tx.isClosed(), use: () => rx.len() };
  },
  "mpsc.UnboundedSender": () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    return { end: tx, isGone: () => rx.isDisconnected(), use: () => tx.send(1) };
  },
  "mpsc.UnboundedReceiver": () => {
    const { tx, rx } = mpsc.unboundedChannel();
    return { end: rx, isGone: () => tx.isClosed(), use: () => rx.tryRecv() };
  },
  "oneshot.Sender": () => {
    const { tx, rx } = oneshot.channel<number>();
    return {
      end: tx,
      isGone: () => outcome(() => rx.tryRecv()) === "ERR_RT_RECV_CLOSED",
      use: () => tx.send(1),
    };
  },
  "broadcast.Sender": () => {
    const { tx, rx } = broadcast.channel<number>(1);
    return { end: tx, isGone: () => rx.isDisconnected(), use: () => tx.send(1) };
  },
  "broadcast.WeakSender": () => {
    const { tx } = broadcast.channel(1);
    const weak = tx.downgrade();
    return { end: weak, isGone: () => tx.weakCount() === 0, use: () => weak.upgrade() };
  },
  "broadcast.Receiver": () => {
    const { tx, rx } = broadcast.channel(1);
    return { end: rx, isGone: () => tx.receiverCount() === 0, use: () => rx.tryRecv() };
  },
  "watch.Sender": () => {
    const { tx, rx } = watch.channel(0);
    return {
      end: tx,
      isGone: () => outcome(() => rx.hasChanged()) === "ERR_RT_RECV_CLOSED",
      use: () => tx.borrow(),
    };
  },
  "watch.Receiver": () => {
    const { tx, rx } = watch.channel(0);
    return { end: rx, isGone: () => tx.receiverCount() === 0, use: () => rx.borrow() };
  },
};

describe.each(Object.entries(ENDS))("%s.drop", (_name, make) => {
  it.each(["drop", Symbol.dispose] as const)("gives the end up, by %s", (how) => {
    const { end, isGone } = make();
    expect(isGone()).toBe(false);
    end[how]();
    expect(isGone()).toBe(true);
  });

  it("may be called again, and does nothing then", () => {
    const { end, isGone } = make();
    end.drop();
    end.drop();
    end[Symbol.dispose]();
    expect(isGone()).toBe(true);
  });

  it("leaves an end that refuses to be used", () => {
    const { end, use } = make();
    end.drop();
    expect(outcome(use)).toBe("ERR_RT_DISPOSED");
  });
});
