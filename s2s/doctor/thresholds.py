"""From which value on a measure speaks for a finding: for the tests of the doctor, its reports and its pages.

Needs neither torch nor numpy.
"""

# What a number is worth.
STRONG = 0.5  # strength from which a finding stands against health; below it is a remark
REMARK = 0.45  # strength of what another finding explains
HALF = 0.5  # share of what the best remedy saves, at least, of a remedy that is a finding beside it

# Rows of weights.
SUM_ERROR = 1e-3  # of a row or column that sums to 1, at most
EMPTY = 1e-6  # greatest sum of a row without weight
NEGATIVE = -1e-6  # least weight of a distribution
ROWS_OFF = 0.02  # share of rows that may miss 1
COLUMNS_WHOLE = 0.9  # share of columns at 1 that says that the axis is wrong
BATCH_COLUMNS = 0.5  # the same over a batch
PADDING = 0.01  # weight on padding, at most
UNIFORM = 0.97  # entropy, as a share of a uniform row's
CONSTANT = 0.06  # mean distance (total variation) of a row from the mean row
SINK = 0.45  # weight on one place in the mean over all steps
PUNCTUATION, PUNCTUATION_TIMES = 0.6, 3  # weight on punctuation, and over its share of the tokens
BACKWARDS = -0.8  # mean correlation of steps and places
GOLD_GAIN, GOLD_LINKS = 0.1, 5  # fall of the alignment error rate that is a finding, from that many links

# Scores.
GAP, SATURATED = 20.0, 0.5  # between the two greatest scores of a step without gradient; share of such steps
HARD, HARD_GAP = 0.012, 10.0  # entropy, as a share of a uniform row's, and median gap of steps at one word alone
PARALLEL = 0.01  # spread of scores over steps, at most, that is left when each row's mean is taken away
SAME_SCORES = 1e-3  # mean difference of scores, as a share of their size, up to which they follow a formula
OTHER_SCORES = 0.02  # the same, from which they do not
FLAT, SATURATED_TANH = 0.99, 0.9  # |tanh| of a saturated unit; share of such units

# Two runs that should give the same, and what a remedy gives, in nats a token.
SAME = 2e-3  # difference, up to which two runs count as equal
PADDING_MASS = 1e-4  # weight on padding in a batch, up to which there is none
BETTER = 0.005  # by which a remedy has to be better
GAIN, SHARE = 0.1, 0.25  # and share of the loss, that a remedy has to save before it is a finding
UNLEARNED = 0.75  # loss, as a share of what the frequencies of words reach, of a model that has learned little
FIRST_GAIN = 1.0  # that another first token has to save over the first words
SUITS, EXCHANGED = 0.2, 0.6  # that another number gives a word; share of words that another number suits better

# From the context to the word.
CLOSE = 1e-2  # relative difference up to which a context is the sum of the states
MOVED = 0.2  # share of a difference that is left, at most, when weights are moved to where they belong
IDLE, SOURCE = 0.03, 0.15  # total variation by other weights, at most, and by another source, at least
FIRST_STATES = 1e-2  # spread of the first decoder state over sources, as a share of its size
NO_GRADIENT = 1e-7  # norm of the gradient at the words that the encoder reads

# Against erasure.
OVERLAP, OVERLAP_TIMES = 0.1, 1.3  # that a moved row has to add, and to multiply
HEAD_TIMES = 1.2  # the same of another head, which adds as much
AGAIN, AVOIDED = 0.5, 0.5  # need of words that were needed before, at least; the weight on such, as a share of it
ASTRAY = 0.45  # overlap with erasure, at most, of attention that a penalty drove away

# Matrices.
EDGE = 1.15  # greatest singular value, as a share of the Marchenko-Pastur edge, of a matrix of independent entries
UNEVEN = 0.04  # Kolmogorov's distance, at most, of drawn entries from the distribution that they were drawn from
DRAWN = 0.7  # share of the encoder's matrices that look drawn, where it was not trained
SMALLEST = 8  # rows and columns of a matrix that is judged
GROWN = 2.5  # times its size when drawn, of a matrix of a model that has learned nothing
FAR = 25.0  # the same of a matrix that no training gives, whatever the data are

# Data and training.
UNKNOWN = 0.15  # share of unknown words of a side
FEWER = 0.5  # share of the unknown words, at most, that are left where the columns of the pairs were exchanged
FEW_PAIRS = 50  # below which numbers of data and training are rough
OVERFIT = 0.5  # share of what training pairs cost less than their frequencies, that these pairs cost more; or
HEART, HEART_NATS = 5.0, 0.1  # times and nats a token that they cost more, where training pairs are known by heart
WORSE = 1.4  # loss over that of frequencies, of a model that is not half-trained but broken
MORE_STEPS, MORE_BATCH, MORE_RATE = 40, 32, 1e-3  # of a training that goes on for a moment, with Adam
NORM_GROWTH = 100.0  # times the median, of a gradient's norm
LOSS_RISE = 10.0  # of the training loss over its lowest, as a share of it

# When attention formed.
NEAR = 0.25  # mean total variation from the last rows, below which attention has formed
UNMOVED = 0.1  # the same of the first moment, of attention that training did not move
FALLEN = 0.9  # share of the loss's whole fall
LATE, LATE_TIMES = 0.5, 2.0  # share of the run, and times the step of the fallen loss, after which attention is late


def most(known: float, frequencies: float) -> float:
    """The greatest loss of a model that has learned more than its training pairs.

    ``known`` is its loss on these, ``frequencies`` that of a model that knows the frequencies of words alone.

    >>> most(1.0, 5.0), most(0.01, 2.5), most(2.4, 2.5)
    (3.0, 0.11, 12.0)
    """
    by_heart = max(HEART * known, HEART_NATS + known)
    return min(by_heart, known + OVERFIT * (frequencies - known)) if known < UNLEARNED * frequencies else by_heart
