import { library } from "../../tooling/build/tsup.ts";

export default library({
  faces: ["src/index.ts"],
  flat: ["Guard"],
  short: {
    // Bits of it are free for the leaf futures of others.
    keep: ["_state"],
    also: (
      "abandoned deliver drain first forgo free giveBack grow isOver isReceiverGone last leaf leave line mask oldest " +
      "places position previous pushBack pushReserved receivers removeReceiver removeSender seen senders sent settle " +
      "shut tryTake unlink unseen untilClosed upTo waiter wakeAll wakeReceiver weakSenders youngest"
    ).split(" "),
  },
});
