import { randomBytes, randomUUID } from 'node:crypto';

/** Where identifiers come from; injected, so that tests can seed them. */
export interface Ids {
  /** At least 122 random bits: an instance id is a handle that must not be guessed. */
  instanceId(): string;
  /** 128 random bits, URL-safe; names one position of one instance. */
  stepToken(): string;
}

export const randomIds: Ids = {
  instanceId: () => randomUUID(),
  stepToken: () => randomBytes(16).toString('base64url'),
};
