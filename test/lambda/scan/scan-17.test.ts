import { describeScan } from './damage-cases';

describeScan(17);
