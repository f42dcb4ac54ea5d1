/** Codes of an authenticator (RFC 6238: SHA-1, six digits, 30 s). */
export interface Totp {
  newSecret(): string;
  /** What an authenticator scans. */
  uri(secret: string): string;
  /** The same as a picture. */
  svg(secret: string): string;
  /**
   * The step whose code this is: the present one, the one before or the one behind it; null when it is none, or not
   * later than `after`.
   */
  step(secret: string, code: string, now: number, after: number | null): number | null;
}

const period = 30;

/** Loaded when somebody signs in: the daemon starts without it. */
export async function loadTotp(host: string): Promise<Totp> {
  const [{ generateSecret, generateURI, verifySync }, { renderSVG }] = await Promise.all([
    import('otplib'),
    import('uqr'),
  ]);
  const uri = (secret: string) => generateURI({ issuer: 'codepiper', label: host, secret });
  return {
    newSecret: () => generateSecret(),
    uri,
    svg: (secret) => renderSVG(uri(secret), { border: 2 }),
    step(secret, code, now, after) {
      if (!/^\d{6}$/.test(code)) return null;
      const result = verifySync({
        ...{ secret, token: code, epoch: Math.floor(now / 1000), epochTolerance: period },
        ...(after !== null && { afterTimeStep: after }),
      });
      return result.valid && 'timeStep' in result ? result.timeStep : null;
    },
  };
}
