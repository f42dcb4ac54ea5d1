import {
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
} from '@simplewebauthn/browser';

/** Lets the browser ask for a passkey. @throws Error in words for people, when there is none or nobody chose one */
export async function askForPasskey(options: Record<string, unknown>): Promise<PasskeyAnswer> {
  try {
    // The daemon made them by the same library.
    const optionsJSON = options as unknown as PublicKeyCredentialRequestOptionsJSON;
    return (await startAuthentication({ optionsJSON })) as unknown as PasskeyAnswer;
  } catch (error) {
    if (error instanceof Error && error.name === 'NotAllowedError') {
      throw new Error('No passkey was chosen. Try again, or use your password.');
    }
    throw error;
  }
}

/** Lets the browser make a passkey. @throws Error in words for people, when nobody made one */
export async function makePasskey(options: Record<string, unknown>): Promise<PasskeyAnswer> {
  try {
    const optionsJSON = options as unknown as PublicKeyCredentialCreationOptionsJSON;
    return (await startRegistration({ optionsJSON })) as unknown as PasskeyAnswer;
  } catch (error) {
    if (error instanceof Error && error.name === 'NotAllowedError') throw new Error('No passkey was made.');
    if (error instanceof Error && error.name === 'InvalidStateError') {
      throw new Error('This device has a passkey for this address already.');
    }
    throw error;
  }
}

/** As the API takes it. */
interface PasskeyAnswer {
  [field: string]: unknown;
  id: string;
  rawId: string;
  type: 'public-key';
  response: Record<string, unknown>;
  clientExtensionResults: Record<string, unknown>;
}
