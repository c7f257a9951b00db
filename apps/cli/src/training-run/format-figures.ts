export const formatFigures = (figures: Readonly<Record<string, number>>): string => Object.entries(figures).map(([name, value]) => `${name} ${formatFigure(name, value)}`).join(", ");

/** Shares as percent; caption scores as they are printed elsewhere, losses in nats. */
const formatFigure = (name: string, value: number): string => (/^(cider|bleu|rouge|meteor|loss)/i.test(name) ? value.toFixed(3) : `${(100 * value).toFixed(2)} %`);
