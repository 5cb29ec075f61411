/** Twice a number. */
export declare function double(value: number): number
