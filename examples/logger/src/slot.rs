//! Where the next firmware is put together, be it over several days.
//!
//! The last block that can be erased says what is there: the CRC-32 of a path. Below it, the file's octets lie from the start on, and what
//! is erased reads as ones. So a logger that lost its power knows where it was without anything else.

use core::ops::Range;

use alloc::boxed::Box;
use core::error::Error;

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use embedded_storage::nor_flash::{NorFlash, NorFlashError};

const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// Octets that are read and written at once: a multiple of what any chip writes at once.
const PAGE: usize = 256;

/// What flash reads as where it is erased.
const ERASED: u8 = 0xFF;

/// A part of the flash.
pub struct Slot<F> {
    flash: F,
    place: Range<u32>,
    /// What is not written yet, and how much of it that is.
    page: [u8; PAGE],
    filled: usize,
    /// Where the page goes, from the start of the slot on.
    position: u32,
}

impl<F: NorFlash> Slot<F> {
    /// The octets `place` of a flash. Start and end have to be where something can be erased from and to; what is erased at once there may
    /// be no larger than the flash says.
    pub fn new(flash: F, place: Range<u32>) -> Self {
        const { assert!(PAGE % F::WRITE_SIZE == 0 && F::ERASE_SIZE % PAGE == 0) }
        Self { flash, place, page: [ERASED; PAGE], filled: 0, position: 0 }
    }

    /// The most octets of a file.
    pub(crate) fn room(&self) -> u32 {
        (self.place.end - self.place.start).saturating_sub(F::ERASE_SIZE as u32)
    }

    /// Makes the slot ready for the file `path`; how many octets of it there are.
    pub(crate) fn begin(&mut self, path: &str) -> Result<u32, Box<dyn Error>> {
        let name = CRC.checksum(path.as_bytes()).to_le_bytes();
        let mut page = [ERASED; PAGE];
        self.read(self.room(), &mut page)?;
        if !page.starts_with(&name) {
            self.erase(0..self.place.end - self.place.start)?;
            page = [ERASED; PAGE];
            page[..name.len()].copy_from_slice(&name);
            self.write(self.room(), &page)?;
        }
        // The power may have gone while the last page was written: the block that has it comes again.
        let block = F::ERASE_SIZE as u32;
        let start = match self.last_page()? {
            Some(page) => page - page % block,
            None => 0,
        };
        self.erase(start..start + block)?;
        (self.page, self.filled, self.position) = ([ERASED; PAGE], 0, start);
        Ok(start)
    }

    /// Adds octets of the file.
    pub(crate) fn append(&mut self, mut octets: &[u8]) -> Result<(), Box<dyn Error>> {
        while !octets.is_empty() {
            let (now, later) = octets.split_at(octets.len().min(PAGE - self.filled));
            self.page[self.filled..][..now.len()].copy_from_slice(now);
            self.filled += now.len();
            octets = later;
            if self.filled == PAGE {
                self.end()?;
            }
        }
        Ok(())
    }

    /// Writes what is not written yet; how many octets of the file there are then.
    pub(crate) fn end(&mut self) -> Result<u32, Box<dyn Error>> {
        let filled = core::mem::take(&mut self.filled);
        let page = core::mem::replace(&mut self.page, [ERASED; PAGE]);
        if filled > 0 {
            if self.position + PAGE as u32 > self.room() {
                return Err("the firmware grew larger than its place".into());
            }
            self.write(self.position, &page)?;
            self.position += filled as u32;
        }
        Ok(self.position)
    }

    /// Whether the file of so many octets ends in the CRC-32 of those before.
    pub(crate) fn is_intact(&mut self, length: u32) -> Result<bool, Box<dyn Error>> {
        let Some(summed) = length.checked_sub(4).filter(|summed| *summed > 0) else { return Ok(false) };
        let mut digest = CRC.digest();
        let mut page = [0; PAGE];
        let mut told = [0; 4];
        for start in (0..length).step_by(PAGE) {
            self.read(start, &mut page)?;
            for (place, octet) in (start..length).zip(page) {
                match place.checked_sub(summed) {
                    Some(behind) => told[behind as usize] = octet,
                    None => digest.update(&[octet]),
                }
            }
        }
        Ok(digest.finalize() == u32::from_le_bytes(told))
    }

    /// Has the file come anew.
    pub(crate) fn spoil(&mut self) -> Result<(), Box<dyn Error>> {
        let room = self.room();
        self.erase(room..room + F::ERASE_SIZE as u32)
    }

    /// Where the last page begins that has something in it.
    fn last_page(&mut self) -> Result<Option<u32>, Box<dyn Error>> {
        let mut page = [ERASED; PAGE];
        for start in (0..self.room()).step_by(PAGE).rev() {
            self.read(start, &mut page)?;
            if page.iter().any(|octet| *octet != ERASED) {
                return Ok(Some(start));
            }
        }
        Ok(None)
    }

    fn read(&mut self, from: u32, octets: &mut [u8]) -> Result<(), Box<dyn Error>> {
        self.flash.read(self.place.start + from, octets).map_err(failure)
    }

    fn write(&mut self, to: u32, octets: &[u8]) -> Result<(), Box<dyn Error>> {
        self.flash.write(self.place.start + to, octets).map_err(failure)
    }

    fn erase(&mut self, place: Range<u32>) -> Result<(), Box<dyn Error>> {
        self.flash.erase(self.place.start + place.start, self.place.start + place.end).map_err(failure)
    }
}

/// Errors of flash need not implement `Error`.
fn failure(error: impl NorFlashError) -> Box<dyn Error> {
    alloc::format!("the flash: {:?}", error.kind()).into()
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use embedded_storage::nor_flash::{ErrorType, NorFlashErrorKind, ReadNorFlash};

    use super::*;

    const BLOCK: usize = 1024;
    const START: usize = 2 * BLOCK;
    const END: usize = 12 * BLOCK;

    /// Flash that writes what is erased, and nothing else.
    struct Chip {
        octets: Vec<u8>,
        /// Octets that are written or erased before the power goes.
        power: usize,
    }

    impl ErrorType for Chip {
        type Error = NorFlashErrorKind;
    }

    impl ReadNorFlash for Chip {
        const READ_SIZE: usize = 1;

        fn read(&mut self, offset: u32, octets: &mut [u8]) -> Result<(), NorFlashErrorKind> {
            let place = offset as usize..offset as usize + octets.len();
            octets.copy_from_slice(self.octets.get(place).ok_or(NorFlashErrorKind::OutOfBounds)?);
            Ok(())
        }

        fn capacity(&self) -> usize {
            self.octets.len()
        }
    }

    impl NorFlash for Chip {
        const WRITE_SIZE: usize = 8;
        const ERASE_SIZE: usize = BLOCK;

        fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
            if !(START..END).contains(&(from as usize)) || to as usize > END {
                return Err(NorFlashErrorKind::OutOfBounds);
            }
            if from % BLOCK as u32 != 0 || to % BLOCK as u32 != 0 {
                return Err(NorFlashErrorKind::NotAligned);
            }
            self.octets[from as usize..to as usize].fill(ERASED);
            Ok(())
        }

        fn write(&mut self, offset: u32, octets: &[u8]) -> Result<(), NorFlashErrorKind> {
            assert!(offset % 8 == 0 && octets.len() % 8 == 0);
            for (place, octet) in (offset as usize..).zip(octets) {
                self.power = self.power.checked_sub(1).ok_or(NorFlashErrorKind::Other)?;
                assert!((START..END).contains(&place), "written outside, at {place}");
                assert_eq!(self.octets[place], ERASED, "written twice, at {place}");
                self.octets[place] = *octet;
            }
            Ok(())
        }
    }

    fn slot(octets: Vec<u8>, power: usize) -> Slot<Chip> {
        Slot::new(Chip { octets, power }, START as u32..END as u32)
    }

    /// Octets with many ones, and their checksum.
    fn file(length: usize) -> Vec<u8> {
        let mut octets: Vec<u8> = (0..length - 4)
            .map(|place| if place % 1500 < 900 { ERASED } else { (place % 251) as u8 })
            .collect();
        octets.extend(CRC.checksum(&octets).to_le_bytes());
        octets
    }

    /// Fetches as much of a file as there is power for, in pieces; how much there was at the start.
    fn fetch(slot: &mut Slot<Chip>, path: &str, file: &[u8]) -> Result<u32, Box<dyn Error>> {
        let start = slot.begin(path)?;
        for piece in file[start as usize..].chunks(100) {
            slot.append(piece)?;
        }
        assert_eq!(slot.end()?, file.len() as u32);
        Ok(start)
    }

    #[test]
    fn a_file_is_whole_wherever_the_power_goes() {
        for length in [5, 256, 1024, 4096, 5000, 9 * BLOCK] {
            let file = file(length);
            for power in (0..length + 600).step_by(97) {
                let mut broken = slot(vec![0; 16 * BLOCK], power);
                let first = fetch(&mut broken, "/1", &file);
                let mut slot = slot(broken.flash.octets, usize::MAX);
                let start = fetch(&mut slot, "/1", &file).unwrap();
                assert!(first.is_err() || start as usize >= (length - 1) / BLOCK * BLOCK);
                assert!(slot.is_intact(length as u32).unwrap(), "{length}, {power}");
                assert_eq!(slot.flash.octets[START..START + length], file);
                assert!(slot.flash.octets[..START].iter().all(|octet| *octet == 0));
                assert!(slot.flash.octets[END..].iter().all(|octet| *octet == 0));
            }
        }
    }

    #[test]
    fn it_goes_on_in_the_block_where_it_was() {
        let file = file(5000);
        let mut broken = slot(vec![0; 16 * BLOCK], PAGE + 3000);
        assert!(fetch(&mut broken, "/1", &file).is_err());
        assert_eq!(fetch(&mut slot(broken.flash.octets, usize::MAX), "/1", &file).unwrap(), 2048);
    }

    #[test]
    fn another_file_comes_from_its_start() {
        let mut slot = slot(vec![0; 16 * BLOCK], usize::MAX);
        fetch(&mut slot, "/1", &file(5000)).unwrap();
        assert_eq!(fetch(&mut slot, "/2", &file(300)).unwrap(), 0);
        assert!(slot.is_intact(300).unwrap());
        assert!(!slot.is_intact(5000).unwrap());
    }

    #[test]
    fn a_damaged_file_is_noticed_and_comes_anew() {
        let mut slot = slot(vec![0; 16 * BLOCK], usize::MAX);
        let mut damaged = file(3000);
        damaged[1000] ^= 0x10;
        fetch(&mut slot, "/1", &damaged).unwrap();
        assert!(!slot.is_intact(3000).unwrap());
        slot.spoil().unwrap();
        assert_eq!(fetch(&mut slot, "/1", &file(3000)).unwrap(), 0);
        assert!(slot.is_intact(3000).unwrap());
    }

    #[test]
    fn what_is_too_large_is_not_written() {
        let mut slot = slot(vec![0; 16 * BLOCK], usize::MAX);
        assert_eq!(slot.room() as usize, 9 * BLOCK);
        assert!(fetch(&mut slot, "/1", &file(9 * BLOCK + 1)).is_err());
        assert!(!slot.is_intact(0).unwrap());
        assert!(!slot.is_intact(4).unwrap());
    }
}
