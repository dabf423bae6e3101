import { describeThrough } from './through';

describeThrough(15, 20);
