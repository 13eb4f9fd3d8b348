/** A client of somebody else's against mini-redis. */
import { once } from "node:events";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MiniRedis, runsExamples } from "./programs/example-process.ts";

describe.runIf(runsExamples)("ioredis against examples/mini-redis", { timeout: 30_000 }, () => {
  let server: MiniRedis;
  const clients: Redis[] = [];

  beforeAll(async () => {
    server = await MiniRedis.start();
  });

  afterAll(async () => {
    for (const open of clients) open.disconnect();
    await server[Symbol.asyncDispose]();
  });

  function client(): Redis {
    const redis = new Redis({ port: server.port, host: "127.0.0.1" });
    clients.push(redis);
    return redis;
  }

  it("pipelines commands, and gets each its own answer", async () => {
    const pipeline = client().pipeline();
    for (let key = 0; key < 1_000; key += 1) pipeline.set(`key:${key}`, `value ${key}`);
    for (let key = 0; key < 1_000; key += 1) pipeline.get(`key:${key}`);
    pipeline.incr("key:0");
    const replies = (await pipeline.exec()) ?? [];
    expect(replies.slice(1_000, 2_000)).toEqual(
      Array.from({ length: 1_000 }, (_, key) => [null, `value ${key}`]),
    );
    expect(replies[2_000]?.[0]?.message).toBe("ERR value is not an integer or out of range");
  });

  it("keeps binary keys and values as they are", async () => {
    const redis = client();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await redis.set(bytes, bytes);
    expect(await redis.getBuffer(bytes)).toEqual(bytes);
  });

  it("carries a value of a megabyte", async () => {
    const redis = client();
    const value = Buffer.alloc(1024 * 1024, "0123456789");
    await redis.set("large", value);
    expect((await redis.getBuffer("large"))?.equals(value)).toBe(true);
  });

  it("lets keys expire", async () => {
    const redis = client();
    await redis.set("short", "x", "PX", 30);
    await redis.set("long", "x", "EX", 100);
    await expect.poll(() => redis.exists("short")).toBe(0);
    expect(await redis.ttl("long")).toBeGreaterThan(90);
  });

  it("publishes to channels and patterns, in order", async () => {
    const [subscriber, publisher] = [client(), client()];
    const got: string[] = [];
    subscriber.on("message", (channel: string, message: string) => got.push(`${channel} ${message}`));
    subscriber.on("pmessage", (pattern: string, channel: string, message: string) =>
      got.push(`${pattern} ${channel} ${message}`),
    );
    expect(await subscriber.subscribe("news", "weather")).toBe(2);
    expect(await subscriber.psubscribe("w*")).toBe(3);
    const counts = await publisher
      .pipeline()
      .publish("news", "one")
      .publish("weather", "two")
      .publish("other", "three")
      .publish("news", "four")
      .exec();
    expect(counts?.map(([, count]) => count)).toEqual([1, 2, 0, 1]);
    await expect.poll(() => got).toEqual(["news one", "weather two", "w* weather two", "news four"]);
    expect(await subscriber.unsubscribe("news")).toBe(2);
    expect(await publisher.publish("news", "five")).toBe(0);
  });

  it("shows its name among the clients", async () => {
    const redis = client();
    await redis.client("SETNAME", "tester");
    expect(await redis.client("LIST")).toContain("name=tester");
  });

  it("is told by an end when the server shuts down", async () => {
    const second = await MiniRedis.start();
    const redis = new Redis({ port: second.port, host: "127.0.0.1", retryStrategy: () => null });
    await redis.ping();
    const [code] = await Promise.all([second.interrupt(), once(redis, "end")]);
    expect(code).toBe(0);
  });
});
