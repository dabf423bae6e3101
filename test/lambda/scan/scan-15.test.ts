import { describeScan } from './damage-cases';

describeScan(15);
