/** Least time for which a thread may ask to run at a stretch, in nanoseconds; others have 1.4 ms or more. */
const sliceNs = 100_000n;
/** Numbers of the system calls `sched_setattr` and `sched_getattr`. */
const calls: Partial<Record<NodeJS.Architecture, { set: number; get: number }>> = {
  x64: { set: 314, get: 315 },
  arm64: { set: 274, get: 275 },
};
/** `struct sched_attr` as it was first: its size, policy, flags, nice, priority, runtime, deadline, period. */
const attributesSize = 48;
const at = { policy: 4, flags: 8, runtime: 24 };
/** `SCHED_OTHER`, what all have that did not ask for another. */
const usualPolicy = 0;
/** `SCHED_FLAG_RESET_ON_FORK`: threads and programs that this one starts are as others are. */
const resetOnFork = 1n;
/** How the calls name the thread that makes them. */
const thisThread = 0;

/**
 * Lets this thread run as soon as it wakes, where it waits behind one that computes: who asks for shorter stretches goes
 * first, and gets no more of the processor for it. Linux 6.12 and later do so, earlier ones take no notice; elsewhere, and
 * under another policy than the usual one, it does nothing. Loads native code, which takes 12 ms.
 *
 * @returns whether the system took it
 */
export async function takeShortSlices(): Promise<boolean> {
  const call = calls[process.arch];
  if (process.platform !== 'linux' || call === undefined) return false;
  const { default: koffi } = await import('koffi');
  const system = koffi.load(null).func('long syscall(long number, ...)');
  const attributes = Buffer.alloc(attributesSize);
  const read = system(call.get, 'int', thisThread, 'void *', attributes, 'uint', attributesSize, 'uint', 0);
  if (read !== 0 || attributes.readUInt32LE(at.policy) !== usualPolicy) return false;
  attributes.writeBigUInt64LE(attributes.readBigUInt64LE(at.flags) | resetOnFork, at.flags);
  attributes.writeBigUInt64LE(sliceNs, at.runtime);
  return system(call.set, 'int', thisThread, 'void *', attributes, 'uint', 0) === 0;
}
