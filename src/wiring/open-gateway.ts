import type { Config } from '../config/config.ts';
import { noServersNote } from '../domain/no-servers.ts';
import type { Gateway } from '../hub/gateway.ts';
import type { Downstream } from './downstream.ts';

export async function openGateway({ servers }: Config, downstream: Downstream): Promise<Gateway> {
  const { createGateway } = await import('../hub/create-gateway.ts');
  const { servers: configured } = await downstream.settings();
  return createGateway({
    hub: await downstream.hub(),
    configured,
    policyOf: await downstream.policies(),
    noServersNote: noServersNote(servers),
    allowUnlisted: servers.allowUnlisted,
  });
}
