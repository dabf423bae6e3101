/** The sizes that a sample comes in: about 20 MB, 200 MB, 2 GB and 20 GB on disk, both databases together. */
export const SAMPLE_SIZES = ['tiny', 'small', 'medium', 'large'] as const;

/** A size of the sample. */
export type SampleSize = (typeof SAMPLE_SIZES)[number];

/** What a size means for the rows. */
export interface Scale {
  /** Multiplies the row counts of `small`. */
  readonly factor: number;
  /** Size of the largest single value, in KiB. */
  readonly largestBlobKib: number;
  /** What both databases occupy afterwards, roughly, in bytes; for progress and for the check of free disk space. */
  readonly expectedBytes: number;
}

/** Two empty databases occupy 15 MB, and every index at least 8 kB, so `tiny` is mostly catalogue. */
export const SCALES: Readonly<Record<SampleSize, Scale>> = {
  tiny: { factor: 0.005, largestBlobKib: 256, expectedBytes: 20e6 },
  small: { factor: 1, largestBlobKib: 4096, expectedBytes: 200e6 },
  medium: { factor: 11, largestBlobKib: 32_768, expectedBytes: 2e9 },
  large: { factor: 110, largestBlobKib: 102_400, expectedBytes: 20e9 },
};
