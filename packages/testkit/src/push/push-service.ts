import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createReceiver, type PushReceiver } from './receiver.ts';
import { checkVapid } from './vapid.ts';

/** A message as its browser would get it. */
export interface ReceivedPush {
  /** Which subscription it was for. */
  id: string;
  /** Decrypted. */
  data: string;
  /** Seconds. */
  ttl: number;
  urgency: string | null;
  topic: string | null;
  /** Whom its sender says operators may write to. */
  subject: string;
  /** The sender's public key, Base64URL. */
  senderKey: string;
}

/** A subscription as `PushSubscription.toJSON()` gives it. */
export interface TestSubscription {
  endpoint: string;
  keys: { p256dh: string; auth: string };
}

/** How the next message to a subscription is answered instead of being taken. */
export interface Refusal {
  status: number;
  headers?: Readonly<Record<string, string>>;
}

/**
 * A push service on loopback (RFC 8030): takes messages, checks who sends them (RFC 8292) and decrypts them
 * (RFC 8291) as the browsers of its subscriptions would.
 */
export class PushService implements AsyncDisposable {
  /** What arrived, oldest first. */
  readonly received: ReceivedPush[] = [];
  /** What was wrong with messages, in words: a sound sender leaves it empty. */
  readonly complaints: string[] = [];
  /** Requests, whatever became of them. */
  requests = 0;
  readonly #server: Server;
  readonly #receivers = new Map<string, PushReceiver>();
  readonly #refusals = new Map<string, Refusal[]>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<PushService> {
    const server = createServer();
    const service = new PushService(server);
    server.on('request', (request, reply) => {
      service.requests++;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const answer = service.#take(method, url, headers, Buffer.concat(chunks));
        reply.writeHead(answer.status, answer.headers ?? {}).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return service;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A new browser. */
  subscribe(): TestSubscription & { id: string } {
    const id = randomBytes(8).toString('hex');
    const receiver = createReceiver();
    this.#receivers.set(id, receiver);
    return { id, endpoint: `${this.origin}/push/${id}`, keys: receiver.keys };
  }

  /** The browser is no more: messages to it are answered 410. */
  forget(id: string): void {
    this.#receivers.delete(id);
  }

  /** Answers so to the next messages of a subscription, one each. */
  refuse(id: string, ...answers: Refusal[]): void {
    this.#refusals.set(id, [...(this.#refusals.get(id) ?? []), ...answers]);
  }

  /** What arrived for a subscription, parsed. */
  messages(id: string): Record<string, unknown>[] {
    return this.received.filter((push) => push.id === id).map(({ data }) => JSON.parse(data));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(method: string, url: string, headers: IncomingHttpHeaders, body: Buffer): Refusal {
    const id = /^\/push\/([0-9a-f]+)$/.exec(url)?.[1] ?? '';
    const refusal = this.#refusals.get(id)?.shift();
    if (refusal) return refusal;
    const receiver = this.#receivers.get(id);
    if (!receiver) return { status: 410 };
    try {
      if (method !== 'POST') throw new Error(`messages are posted, not ${method}`);
      const { subject, senderKey } = checkVapid(headers.authorization ?? '', this.origin);
      if (!/^\d+$/.test(String(headers.ttl))) throw new Error(`no TTL: ${headers.ttl}`);
      if (headers['content-encoding'] !== 'aes128gcm')
        throw new Error(`encoding ${headers['content-encoding']}`);
      if (body.length > 4096) return { status: 413 };
      const topic = headers.topic === undefined ? null : String(headers.topic);
      if (topic !== null && !/^[A-Za-z0-9_-]{1,32}$/.test(topic)) throw new Error(`topic ${topic}`);
      this.received.push({
        ...{ id, data: receiver.decrypt(body), ttl: Number(headers.ttl), topic, subject, senderKey },
        urgency: headers.urgency === undefined ? null : String(headers.urgency),
      });
      return { status: 201, headers: { location: `${this.origin}/message/${this.received.length}` } };
    } catch (error) {
      this.complaints.push(error instanceof Error ? error.message : String(error));
      return { status: 400 };
    }
  }
}
