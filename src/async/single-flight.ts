/** Runs `work` once for all who ask for the same key while it is under way. */
export function singleFlight<T>(flights: Map<string, Promise<T>>, key: string, work: () => Promise<T>): Promise<T> {
  const flying = flights.get(key);
  if (flying) return flying;
  const flight = work().finally(() => flights.delete(key));
  flights.set(key, flight);
  return flight;
}
