/** How long the runs and scripts of a server that ends may take to leave things in order. */
export const GIVE_BACK_MS = 3_000;
