/** How rows travel, as the configuration says. */
import { ENV } from '../contract/environment';
import type { CopySettings } from '../contract/settings';
import type { World } from '../platform/world';

/** The settings of the copy road; every step of it has them. */
export function copySettings({ environment }: Pick<World, 'environment'>): CopySettings {
  if (environment.copy !== undefined) return environment.copy;
  throw new Error(`environment variable ${ENV.copy} is not set, deploy the stack again`);
}
