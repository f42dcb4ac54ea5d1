import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';

/** What a browser keeps of a subscription. */
export interface PushReceiver {
  /** What it tells the sender, Base64URL. */
  readonly keys: { p256dh: string; auth: string };
  /** @throws Error when the message was not encrypted for it */
  decrypt(body: Buffer): string;
}

const saltBytes = 16;
const tagBytes = 16;

/** The receiving half of message encryption for Web Push (RFC 8291, over RFC 8188). */
export function createReceiver(): PushReceiver {
  const pair = createECDH('prime256v1');
  const publicKey = pair.generateKeys();
  const auth = randomBytes(16);
  return {
    keys: { p256dh: publicKey.toString('base64url'), auth: auth.toString('base64url') },
    decrypt(body) {
      const salt = body.subarray(0, saltBytes);
      const recordSize = body.readUInt32BE(saltBytes);
      const idLength = body.readUInt8(saltBytes + 4);
      const start = saltBytes + 5 + idLength;
      const senderKey = body.subarray(saltBytes + 5, start);
      const record = body.subarray(start);
      if (record.length > recordSize) throw new Error('the message has more than one record');
      const info = Buffer.concat([Buffer.from('WebPush: info\0'), publicKey, senderKey]);
      const secret = Buffer.from(hkdfSync('sha256', pair.computeSecret(senderKey), auth, info, 32));
      const derive = (use: string, length: number) =>
        Buffer.from(hkdfSync('sha256', secret, salt, `Content-Encoding: ${use}\0`, length));
      const decipher = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12));
      decipher.setAuthTag(record.subarray(-tagBytes));
      const padded = Buffer.concat([decipher.update(record.subarray(0, -tagBytes)), decipher.final()]);
      // The last record ends with 2 and zeros.
      const end = padded.findLastIndex((byte) => byte !== 0);
      if (padded[end] !== 2) throw new Error('the message has no end');
      return padded.subarray(0, end).toString('utf8');
    },
  };
}
