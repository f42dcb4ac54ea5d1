import { createECDH } from 'node:crypto';
import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Subscribe } from '@codepiper/core/notifications/notification.endpoints.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Where no push service is: the networks of this machine and of those beside it. */
const inside = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  inside.addSubnet(network, prefix, 'ipv4');
  // As a NAT64 gateway is asked for it.
  inside.addSubnet(`64:ff9b::${network}`, 96 + prefix, 'ipv6');
}
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['::ffff:0:0', 96],
  ['fec0::', 10],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  inside.addSubnet(network, prefix, 'ipv6');
}

function isWithin(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Why nothing is sent to an address. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
}

/**
 * A push service's address as it may be used: https, or a loopback address; without a user name.
 *
 * @throws AddressError in words
 */
export function readEndpoint(text: string): URL {
  const url = URL.parse(text);
  if (!url) throw new AddressError('the endpoint is no address');
  const host = bareHost(url);
  if (url.username !== '' || url.password !== '') {
    throw new AddressError('the endpoint must not have a user name or password');
  }
  if (isLoopback(host)) {
    if (url.protocol === 'https:' || url.protocol === 'http:') return url;
  } else if (url.protocol === 'https:') {
    if (isIP(host) !== 0 && isWithin(inside, host)) {
      throw new AddressError(`${host} is an address inside of a private network`);
    }
    return url;
  }
  throw new AddressError('the endpoint must be an https address');
}

/** Finds addresses of a host as `node:http` wants them; of other hosts than this one only public ones. */
export function guardedLookup(url: URL): LookupFunction {
  const mayBe = isLoopback(bareHost(url))
    ? (address: string) => isWithin(loopback, address)
    : (address: string) => !isWithin(inside, address);
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error) return done(error, '');
      const refused = found.find(({ address }) => !mayBe(address));
      const [first] = found;
      if (refused || !first) {
        const place = refused ? ` is at ${refused.address}, inside of a private network` : ' has no address';
        return done(new AddressError(`${host}${place}`), '');
      }
      return options.all ? done(null, found) : done(null, first.address, first.family);
    });
  };
}

/**
 * Holds a subscription against what can be sent to.
 *
 * @throws CodepiperError `invalid_request`
 */
export function checkSubscription({ endpoint, keys }: Pick<Subscribe, 'endpoint' | 'keys'>): void {
  try {
    readEndpoint(endpoint);
    const ours = createECDH('prime256v1');
    ours.generateKeys();
    const theirs = Buffer.from(keys.p256dh, 'base64url');
    if (theirs.length !== 65) throw new AddressError('keys.p256dh is no point of P-256');
    ours.computeSecret(theirs);
    if (Buffer.from(keys.auth, 'base64url').length !== 16)
      throw new AddressError('keys.auth has not 16 bytes');
  } catch (error) {
    const why = error instanceof AddressError ? error.message : 'keys.p256dh is no point of P-256';
    throw new CodepiperError('invalid_request', `The subscription cannot be used: ${why}.`);
  }
}

function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || (isIP(host) !== 0 && isWithin(loopback, host));
}
