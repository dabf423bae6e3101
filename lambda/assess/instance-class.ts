/** What the name of an instance class says: a pure reading, because no call of RDS answers vCPUs and memory of every class. */

/** An instance class taken apart. */
export interface InstanceClass {
  readonly name: string;
  /** Such as `m7g`. */
  readonly family: string;
  /** Such as `2xlarge`. */
  readonly size: string;
  readonly vcpus: number;
  readonly memoryGib: number;
}

/** Sizes that burstable families have below `large`; all of them have two vCPUs (facts E26). */
const SMALL_MEMORY_GIB: Readonly<Record<string, number>> = { micro: 1, small: 2, medium: 4 };

/** GiB of memory for each vCPU, by the first letter of the family (facts E26). */
const MEMORY_GIB_PER_VCPU: Readonly<Record<string, number>> = { t: 4, m: 4, c: 2, r: 8, x: 16, z: 8 };

/** Sizes in which most families come; `large` is half of `xlarge`. */
const SIZES = ['large', 'xlarge', ...[2, 4, 8, 12, 16, 24, 32, 48].map((times) => `${times}xlarge`)] as const;

/** Takes a name such as `db.m7g.2xlarge` apart; null for a name that follows another pattern. */
export function readInstanceClass(name: string): InstanceClass | null {
  const [, family = '', size = ''] = /^db\.([a-z0-9-]+)\.([a-z0-9]+)$/.exec(name) ?? [];
  const memoryPerVcpu = MEMORY_GIB_PER_VCPU[family[0] ?? ''];
  const vcpus = vcpusOf(size);
  if (memoryPerVcpu === undefined || vcpus === null) return null;
  return { name, family, size, vcpus, memoryGib: SMALL_MEMORY_GIB[size] ?? vcpus * memoryPerVcpu };
}

/** The smallest class of `family` with at least that many vCPUs and GiB; the largest known one when none is large enough. */
export function smallestClass(family: string, vcpus: number, memoryGib: number): InstanceClass | null {
  const small = family.startsWith('t') ? Object.keys(SMALL_MEMORY_GIB) : [];
  const classes = [...small, ...SIZES].flatMap((size) => readInstanceClass(`db.${family}.${size}`) ?? []);
  return classes.find((each) => each.vcpus >= vcpus && each.memoryGib >= memoryGib) ?? classes.at(-1) ?? null;
}

function vcpusOf(size: string): number | null {
  if (size in SMALL_MEMORY_GIB || size === 'large') return 2;
  const [, times] = /^(\d*)xlarge$/.exec(size) ?? [];
  return times === undefined ? null : 4 * (times === '' ? 1 : Number(times));
}
